// The keys of the reference's configuration, by group: each must be known here, to be honoured, named as without effect,
// or refused with a sentence. A group whose keys are not listed one by one is known as a whole.

function keysIn(group: string, names: string): readonly string[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => (group === '' ? name : `${group}.${name}`))
}

/** Every key. */
export const referenceKeys: readonly string[] = [
  ...keysIn(
    '',
    `acl acl_agent_master_token acl_agent_token acl_datacenter acl_default_policy acl_down_policy
    acl_enable_key_list_policy acl_enforce_version_8 acl_master_token acl_replication_token acl_token acl_ttl advertise_addr
    advertise_addr_ipv4 advertise_addr_ipv6 advertise_addr_wan advertise_addr_wan_ipv4 advertise_addr_wan_ipv6
    advertise_reconnect_timeout alt_domain audit auto_config auto_encrypt auto_reload_config bind_addr bootstrap
    bootstrap_expect ca_file ca_path cert_file check check_output_max_size check_update_interval checks client_addr
    cloud connect data_dir datacenter default_intention_policy default_query_time
    disable_anonymous_signature disable_coordinates disable_host_node_id disable_http_unprintable_char_filter
    disable_keyring_file disable_kv_key_validation disable_remote_exec disable_update_check discard_check_output
    discovery_max_stale domain enable_acl_replication enable_agent_tls_for_checks enable_central_service_config
    enable_debug enable_local_script_checks enable_script_checks enable_syslog enable_xds_load_balancing encrypt
    encrypt_verify_incoming encrypt_verify_outgoing experiments feature_gates key_file leave_on_terminate license_path
    locality log_file log_json log_level log_rotate_bytes log_rotate_duration log_rotate_max_files max_query_time node_id
    node_meta node_name non_voting_server partition pid_file primary_datacenter primary_gateways
    primary_gateways_interval protocol raft_boltdb raft_logstore raft_prevote_disabled raft_protocol
    raft_snapshot_interval raft_snapshot_threshold raft_trailing_logs read_replica reconnect_timeout
    reconnect_timeout_wan recursors rejoin_after_leave reporting request_limits retry_interval retry_interval_wan
    retry_join retry_join_wan retry_max retry_max_wan segment segments serf_lan serf_lan_allowed_cidrs serf_wan
    serf_wan_allowed_cidrs server server_name server_rejoin_age_max service services session_ttl_min
    skip_leave_on_interrupt start_join start_join_wan syslog_facility tagged_addresses tls tls_cipher_suites
    tls_min_version tls_prefer_server_cipher_suites translate_wan_addrs ui ui_config ui_content_path ui_dir
    use_streaming_backend verify_incoming verify_incoming_https verify_incoming_rpc verify_outgoing
    verify_server_hostname watches`,
  ),
  ...keysIn('addresses', 'dns grpc grpc_tls http https'),
  ...keysIn(
    'autopilot',
    `cleanup_dead_servers disable_upgrade_migration last_contact_threshold max_trailing_logs min_quorum
    redundancy_zone_tag server_stabilization_time upgrade_version_tag`,
  ),
  ...keysIn('cache', 'entry_fetch_max_burst entry_fetch_rate'),
  ...keysIn('config_entries', 'bootstrap'),
  ...keysIn(
    'dns_config',
    `a_record_limit allow_stale cache_max_age disable_compression enable_additional_node_meta_txt enable_truncate
    max_stale node_ttl only_passing prefer_namespace recursor_strategy recursor_timeout service_ttl soa.expire
    soa.min_ttl soa.refresh soa.retry udp_answer_limit use_cache`,
  ),
  ...['gossip_lan', 'gossip_wan'].flatMap((group) =>
    keysIn(group, 'gossip_interval gossip_nodes probe_interval probe_timeout retransmit_mult suspicion_mult'),
  ),
  ...keysIn(
    'http_config',
    `allow_write_http_from block_endpoints idle_timeout max_header_bytes read_header_timeout read_timeout
    response_headers use_cache write_timeout`,
  ),
  ...keysIn(
    'limits',
    `http_max_conns_per_client http_max_request_body_size https_handshake_timeout kv_max_value_size request_limits
    rpc_client_timeout rpc_handshake_timeout rpc_max_burst rpc_max_conns_per_client rpc_rate txn_max_req_len`,
  ),
  ...keysIn('peering', 'enabled'),
  ...keysIn(
    'performance',
    `enable_xds_load_balancing grpc_keepalive_interval grpc_keepalive_timeout leave_drain_time raft_multiplier
    rpc_hold_timeout`,
  ),
  ...keysIn(
    'ports',
    `dns expose_max_port expose_min_port grpc grpc_tls http https proxy_max_port proxy_min_port serf_lan serf_wan server
    sidecar_max_port sidecar_min_port`,
  ),
  ...keysIn('rpc', 'enable_streaming'),
  ...keysIn(
    'telemetry',
    `circonus_api_app circonus_api_token circonus_api_url circonus_broker_id circonus_broker_select_tag
    circonus_check_display_name circonus_check_force_metric_activation circonus_check_id circonus_check_instance_id
    circonus_check_search_tag circonus_check_tags circonus_submission_interval circonus_submission_url disable_hostname
    disable_per_tenancy_usage_metrics dogstatsd_addr dogstatsd_tags enable_host_metrics filter_default metrics_prefix
    prefix_filter prometheus_retention_time retry_failed_connection statsd_address statsite_address`,
  ),
  ...keysIn('unix_sockets', 'group mode user'),
  ...keysIn('xds', 'update_max_per_second'),
]
