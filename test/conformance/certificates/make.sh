#!/bin/sh
# Makes the certificates of the conformance suite anew, valid until 2060: `sh test/conformance/certificates/make.sh`.
# Needs openssl. The keys guard nothing: they are public, and only ever used on the loopback interface.
set -eu
cd "$(dirname "$0")"
days=$((($(date -u -d 2060-01-01 +%s) - $(date -u +%s)) / 86400))

# authority NAME
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" -subj "/CN=$1" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$1.key.pem" -out "$1.pem" 2>/dev/null
}

# certificate NAME AUTHORITY COMMON-NAME ALTERNATIVE-NAMES
certificate() {
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n' "$4" >extensions.tmp
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=proconsul/CN=$3" \
    -keyout "$1.key.pem" -out request.tmp 2>/dev/null
  openssl x509 -req -in request.tmp -CA "$2.pem" -CAkey "$2.key.pem" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -extfile extensions.tmp -out "$1.pem" 2>/dev/null
  rm extensions.tmp request.tmp
}

authority ca
authority rogue-ca
certificate server ca server.dc1.consul \
  DNS:server.dc1.consul,DNS:localhost,IP:127.0.0.90,URI:spiffe://dc1.consul/server
certificate second ca second.dc1.consul DNS:server.dc1.consul,DNS:second.dc1.consul
certificate client ca client.dc1.consul DNS:client.dc1.consul
certificate rogue rogue-ca server.dc1.consul DNS:server.dc1.consul,DNS:localhost,IP:127.0.0.90
rm ca.key.pem rogue-ca.key.pem
