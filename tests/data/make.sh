#!/usr/bin/env bash
# Makes every fixture of this folder, and OpenSSL's own answers about them. Run here; needs OpenSSL 3, ssh-keygen, gpg, iconv.
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

# Containers.
openssl crl2pkcs7 -nocrl -certfile rsa.pem -certfile ED25519.pem -outform der -out bundle.p7b
openssl crl2pkcs7 -nocrl -certfile rsa.pem -certfile ED25519.pem -out bundle-pem.p7b
openssl pkcs12 -export -inkey "$keys/rsa.key" -in rsa.pem -passout pass:fixture -out bundle.p12

# Private keys in every form in which people have them, to be refused and never repeated. Made here and used nowhere.
mkdir -p private-keys
(
  cd private-keys
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out pkcs8-rsa.pem
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

# Names as they are found in old and careless certificates, and OpenSSL's reading of each. No program makes such
# certificates any more, so they are put together from their parts, with a key and a signature of zeros.
mkdir -p names
hex() { od -An -v -tx1 | tr -d ' \n'; }
text() { printf %s "$1" | hex; }
utf16() { printf %s "$1" | iconv -f UTF-8 -t UTF-16BE | hex; }
# One part of a name: object identifier, number of the string's tag, contents in hexadecimal.
named() { # file not-before not-after parts..., where `+` puts the next part into the same set
  local file=$1 not_before=$2 not_after=$3 sets='' values='' set=0 value=0
  shift 3
  for part in "$@"; do
    if [[ $part == + ]]; then set=$((set - 1)); continue; fi
    IFS=: read -r oid tag contents <<<"$part"
    [[ $sets == *"[set$set]"* ]] || sets+=$'\n'"[set$set]"$'\n'
    sets+="$value=SEQUENCE:value$value"$'\n'
    values+="[value$value]"$'\n'"type=OID:$oid"$'\n'"value=IMPLICIT:${tag}U,${contents:+FORMAT:HEX,}OCT:$contents"$'\n'
    value=$((value + 1)) set=$((set + 1))
  done
  {
    printf '%s\n' 'asn1=SEQUENCE:certificate' '[certificate]' tbs=SEQUENCE:tbs algorithm=SEQUENCE:algorithm \
      "signature=FORMAT:HEX,BITSTRING:$(printf '0%.0s' {1..128})" '[tbs]' version=EXPLICIT:0,INTEGER:2 serial=INTEGER:1 \
      algorithm=SEQUENCE:algorithm issuer=SEQUENCE:issuer validity=SEQUENCE:validity subject=SEQUENCE:subject \
      key=SEQUENCE:key '[algorithm]' oid=OID:1.3.101.112 '[key]' algorithm=SEQUENCE:algorithm \
      "key=FORMAT:HEX,BITSTRING:$(printf '0%.0s' {1..64})" '[validity]' "a=$not_before" "b=$not_after" \
      '[issuer]' a=SET:issuerset '[issuerset]' a=SEQUENCE:issuervalue '[issuervalue]' type=OID:2.5.4.3 value=UTF8:Issuer \
      '[subject]'
    for ((index = 0; index < set; index++)); do echo "$index=SET:set$index"; done
    printf '%s%s' "$sets" "$values"
  } >"$keys/name.conf"
  openssl asn1parse -genconf "$keys/name.conf" -noout -out "names/$file.der"
}
cn=2.5.4.3 o=2.5.4.10 ou=2.5.4.11
from=UTC:260101000000Z to=UTC:270101000000Z
named bmp "$from" "$to" "$o:30:$(utf16 'Łódź Ltd')" "$cn:30:$(utf16 bücher.test)"
named bmp-pair "$from" "$to" "$cn:30:$(utf16 '😀')"
named teletex-latin-1 "$from" "$to" "$o:20:$(printf 'Soci\xe9t\xe9' | hex)" "$cn:20:$(text teletex.test)"
named universal "$from" "$to" "$cn:28:000000fc0001f600"
named printable-odd "$from" "$to" "$o:19:$(text 'A*B & C_D @ home')" "$cn:19:$(printf 'caf\xe9' | hex)"
named ia5-numeric "$from" "$to" "0.9.2342.19200300.100.1.25:22:$(text test)" "2.5.4.5:18:$(text '12 34')"
named visible "$from" "$to" "$cn:26:$(text visible.test)"
named not-utf8 "$from" "$to" "$o:12:$(text Example)" "$cn:12:ff41"
named special "$from" "$to" "$ou:12:$(text '#1 of all')" "$o:12:$(text ' a, b + c; <d> "e" \ ')" "$cn:12:$(printf 'a\0b\nc' | hex)"
named spaces "$from" "$to" "$o:12:$(text ' ')" "$ou:12:$(text '  ')" "$cn:12:"
named several-in-one-set "$from" "$to" "$o:12:$(text Example)" "$cn:12:$(text Root)" + "$ou:12:$(text Team)" + "2.5.4.5:19:$(text 7)"
named unknown-type "$from" "$to" "1.2.3.4.5:12:$(text value)" "2.999.1:19:$(text value)" "$cn:12:$(text unknown.test)"
named no-string "$from" "$to" "$o:12:$(text Example)" "$cn:2:0539"
named every-kind "$from" "$to" "2.5.4.6:19:$(text NL)" "2.5.4.8:12:$(text Province)" "2.5.4.7:12:$(text Town)" "2.5.4.9:12:$(text Street)" \
  "2.5.4.17:12:$(text 1234)" "$o:12:$(text Example)" "2.5.4.97:12:$(text NTRNL-1)" "$ou:12:$(text Team)" "2.5.4.12:12:$(text Dr)" \
  "2.5.4.42:12:$(text Given)" "2.5.4.4:12:$(text Surname)" "2.5.4.5:19:$(text 42)" "2.5.4.15:12:$(text 'Private Organization')" \
  "1.3.6.1.4.1.311.60.2.1.3:19:$(text NL)" "1.3.6.1.4.1.311.60.2.1.2:12:$(text Province)" "1.3.6.1.4.1.311.60.2.1.1:12:$(text Town)" \
  "0.9.2342.19200300.100.1.25:22:$(text test)" "0.9.2342.19200300.100.1.1:12:$(text user)" "$cn:12:$(text every.test)" \
  "1.2.840.113549.1.9.1:22:$(text a@every.test)"
named no-parts "$from" "$to"
named right-to-left "$from" "$to" "$cn:12:$(text $'abc\u202etset.gpj')"
named eight-units "$from" "$to" $(for unit in 1 2 3 4 5 6 7 8; do printf '%s ' "$ou:12:$(text "Organizational unit number $unit of a company")"; done)
named start-malformed "IMPLICIT:23U,FORMAT:HEX,OCT:$(text 2601010000)" "$to" "$cn:12:$(text start.test)"
named end-malformed "$from" "IMPLICIT:23U,FORMAT:HEX,OCT:$(text 271301000000Z)" "$cn:12:$(text end.test)"
named start-before-1970 UTC:690101000000Z "$to" "$cn:12:$(text old.test)"
for file in names/*.der; do
  subject=$(openssl x509 -in "$file" -noout -subject -nameopt RFC2253,-esc_msb 2>/dev/null) || subject='(refused)'
  echo "$(basename "$file" .der) ${subject#subject=}"
done >names.txt

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
