#!/bin/sh
# Runs once, when PostgreSQL makes its database (docker-compose.yml). The server works as a plain role that owns its
# database and nothing else; the superuser's password stays in PostgreSQL's own container.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\set password `cat /run/secrets/postgres_password`
create role epack login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create database epack owner epack;
SQL
