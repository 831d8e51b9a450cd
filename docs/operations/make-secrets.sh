#!/bin/sh
# Makes the files that docker-compose.yml hands to its services as secrets, in the folder `secrets` beside it. A file
# that is there stays as it is. What is optional is made empty, which is as good as not set.
set -eu
cd "$(dirname "$0")/../.."
umask 077
mkdir -p secrets
chmod 700 secrets

# 256 random bits, in characters that need no escape in a URL.
random() {
  head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'
}

# A service reads its file as a user of its own, so the file is readable for all; nobody else gets into the folder.
put() {
  if [ ! -e "secrets/$1" ]; then
    printf '%s' "$2" >"secrets/.$1"
    chmod 644 "secrets/.$1"
    mv "secrets/.$1" "secrets/$1"
    echo "made secrets/$1"
  fi
}

put postgres_admin_password "$(random)"
put postgres_password "$(random)"
put database_url "postgres://epack:$(cat secrets/postgres_password)@postgres:5432/epack"

put rabbitmq_user.conf "default_user = epack
default_pass = $(random)
"
put queue_url "amqp://epack:$(sed -n 's/^default_pass = //p' secrets/rabbitmq_user.conf)@rabbitmq:5672"

put admin_password "$(random)"
put secrets_key "$(random)"

for optional in database_listen_url database_read_url metrics_token oidc_client_secret otlp_headers \
  s3_access_key_id s3_secret_access_key secrets_key_accepted smtp_url token_secret token_secret_accepted; do
  put "$optional" ''
done
