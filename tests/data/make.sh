#!/usr/bin/env bash
# Makes every fixture of this folder, and OpenSSL's own answers about them. Run here; needs OpenSSL 3, ssh-keygen and gpg.
# The keys are thrown away, so another run makes other fixtures, and pins.txt with them.
set -euo pipefail
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

# One self-signed certificate a kind of key.
certificate() { # name subject extra-arguments...
  local name=$1 subject=$2
  shift 2
  openssl req -x509 -new -key "$keys/$name.key" -subj "$subject" -days 3650 "$@" -out "$name.pem" 2>/dev/null
}
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$keys/rsa.key"
certificate rsa "/C=NL/O=Sockpin fixtures/CN=rsa.test"
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$keys/rsa-pss.key"
certificate rsa-pss "/CN=rsa-pss.test"
for curve in P-256 P-384 brainpoolP256r1; do
  openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" -out "$keys/ec-$curve.key"
  certificate "ec-$curve" "/CN=ec.test"
done
for algorithm in ED25519 ED448 SM2; do
  openssl genpkey -quiet -algorithm "$algorithm" -out "$keys/$algorithm.key"
  certificate "$algorithm" "/CN=${algorithm,,}.test"
done

# Odd ones.
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/long-serial.key"
certificate long-serial "/CN=long-serial.test" -set_serial 0x7f0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
cp "$keys/long-serial.key" "$keys/odd-extension.key"
certificate odd-extension "/CN=odd-extension.test" -addext "1.2.3.4.5.6.7=critical,DER:05:00" -addext "basicConstraints=DER:0c:03:6f:64:64"
cp "$keys/long-serial.key" "$keys/unicode.key"
certificate unicode "/CN=bücher.test/O=Šošo, \"Inc\"" -utf8
cp "$keys/long-serial.key" "$keys/year-9999.key"
certificate year-9999 "/CN=year-9999.test" -not_after 99991231235959Z 2>/dev/null \
  || openssl x509 -new -force_pubkey <(openssl pkey -in "$keys/year-9999.key" -pubout) -key "$keys/year-9999.key" \
    -subj /CN=year-9999.test -days 2900000 -out year-9999.pem

# Other carriers of a key, and what must be refused.
openssl req -new -key "$keys/rsa.key" -subj "/CN=backup.test" -out request.pem
openssl pkey -in "$keys/rsa.key" -pubout -out public-key.pem
openssl x509 -in rsa.pem -outform der -out rsa.der
openssl pkey -in "$keys/rsa.key" -pubout -outform der -out public-key.der
openssl rsa -in "$keys/rsa.key" -RSAPublicKey_out -out pkcs1.pem 2>/dev/null
# A key of its own, made here and used nowhere: it only has to look like one.
openssl genpkey -quiet -algorithm ED25519 -out private-key.pem
openssl pkey -in private-key.pem -outform der -out private-key.der

# Private keys in every form in which people have them, to be refused and never repeated. Made here and used nowhere.
mkdir -p private-keys
(
  cd private-keys
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8-rsa.pem
  openssl rsa -in pkcs8-rsa.pem -traditional -out pkcs1-rsa.pem 2>/dev/null
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkcs8-ec.pem
  openssl ec -in pkcs8-ec.pem -out sec1-ec.pem 2>/dev/null
  openssl genpkey -quiet -algorithm ED25519 -out pkcs8-ed25519.pem
  openssl pkcs8 -topk8 -in pkcs8-ec.pem -passout pass:fixture -out encrypted.pem
  openssl pkcs8 -topk8 -in pkcs8-ec.pem -passout pass:fixture -v1 PBE-SHA1-3DES -out encrypted-pkcs12.pem
  openssl rsa -in pkcs8-rsa.pem -traditional -aes128 -passout pass:fixture -out legacy-encrypted.pem 2>/dev/null
  openssl dsaparam -genkey -noout 1024 2>/dev/null | openssl dsa -out dsa.pem 2>/dev/null
  rm -f openssh.pem openssh.pem.pub
  ssh-keygen -q -t ed25519 -N "" -C fixture -f openssh.pem
  rm openssh.pem.pub
  GNUPGHOME=$(mktemp -d "$keys/gpg.XXXXXX")
  export GNUPGHOME
  gpg --quiet --batch --passphrase "" --quick-generate-key fixture@example.test ed25519 2>/dev/null
  gpg --quiet --armor --export-secret-keys >pgp.pem 2>/dev/null
  gpgconf --kill all
)

# name, SHA-256 of the SubjectPublicKeyInfo in base64, serial, all from OpenSSL.
pin() { openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl enc -base64; }
for file in *.pem; do
  case $file in
    request.pem) echo "$file $(openssl req -in "$file" -pubkey -noout | pin) -" ;;
    public-key.pem) echo "$file $(pin <"$file") -" ;;
    pkcs1.pem | private-key.pem) ;;
    *) echo "$file $(openssl x509 -in "$file" -pubkey -noout | pin) $(openssl x509 -in "$file" -noout -serial | cut -d= -f2)" ;;
  esac
done >pins.txt
