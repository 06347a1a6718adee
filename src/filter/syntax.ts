// What an expression is once it is read.

/** How a selected value is compared. */
export type Operator =
  | 'equal'
  | 'notEqual'
  | 'in'
  | 'notIn'
  | 'isEmpty'
  | 'isNotEmpty'
  | 'matches'
  | 'notMatches'

/** Names of the operators in refusals. */
export const operatorNames: Readonly<Record<Operator, string>> = {
  equal: 'Equal',
  notEqual: 'Not Equal',
  in: 'In',
  notIn: 'Not In',
  isEmpty: 'Is Empty',
  isNotEmpty: 'Is Not Empty',
  matches: 'Matches',
  notMatches: 'Not Matches',
}

/** One comparison. */
export interface Match {
  readonly kind: 'match'
  /** Names from the outermost value inwards; at least one. */
  readonly selector: readonly string[]
  readonly operator: Operator
  /** What is compared with; '' for the operators that take none. */
  readonly value: string
}

/** An expression. */
export type Expression =
  | Match
  | { readonly kind: 'not'; readonly term: Expression }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
