#!/usr/bin/env bash
# Creates a meeting and polls until there is a join link: curl.sh URL [KEY]. Needs curl and jq.
# Run again with the same Idempotency-Key, it returns the same meeting.
set -euo pipefail
url=${1:?Usage: curl.sh URL [KEY]}
key=${2:-}
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

body=$(curl --silent --show-error --fail-with-body --dump-header "$headers" "$url/meetings" \
  --header "x-functions-key: $key" --header 'Content-Type: application/json' --header 'Idempotency-Key: visit-4712' \
  --data '{
    "organizer": "AlexW@contoso.com",
    "subject": "Video visit",
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Pacific Standard Time"},
    "end":   {"dateTime": "2027-01-20T13:30:00", "timeZone": "Pacific Standard Time"},
    "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com"}}]
  }')

header() { tr -d '\r' <"$headers" | awk -F': ' -v name="$1" 'tolower($1) == name {print $2}'; }
status() { awk 'NR == 1 {print $2}' "$headers"; }

while [ "$(status)" = 202 ]; do
  location=$(header location)
  sleep "$(header retry-after)"
  body=$(curl --silent --show-error --fail-with-body --dump-header "$headers" --header "x-functions-key: $key" "$location")
done

jq --raw-output 'if .status == "succeeded" then .joinUrl else .error.message + " " + .error.remedy | halt_error(1) end' <<<"$body"
