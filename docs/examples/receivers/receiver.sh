#!/bin/sh
# A receiver in shell, for any web server that runs CGI scripts (Apache, lighttpd, busybox httpd …)
set -u
body=$(head -c "${CONTENT_LENGTH:-0}")

if printf '%s' "$body" | grep -Eq '"email": *"[^"]*@example\.org"'; then
  printf 'Status: 204 No Content\r\n\r\n'
else
  printf 'Status: 403 Forbidden\r\nContent-Type: application/json\r\n\r\n'
  printf '{"messages":[{"instance_ptr":"#/traits/email","messages":['
  printf '{"id":1000001,"type":"error","text":"Only people of example.org may join."}]}]}'
fi
