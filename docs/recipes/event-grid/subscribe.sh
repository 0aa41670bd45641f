#!/usr/bin/env bash
# Hands the events of Convene's topic (parameter resultTopic of infra/) on to a webhook, with dead letters in a container:
# subscribe.sh RESOURCE_GROUP TOPIC STORAGE_ACCOUNT WEBHOOK_URL
# Event Grid tries for 24 hours, then writes the event into the container. The webhook answers the handshake of CloudEvents
# (OPTIONS with WebHook-Request-Origin): https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
set -euo pipefail
group=$1 topic=$2 account=$3 url=$4

storage=$(az storage account show --resource-group "$group" --name "$account" --query id --output tsv)
container="$storage/blobServices/default/containers/dead-letters"
identity=$(az eventgrid topic show --resource-group "$group" --name "$topic" --query identity.principalId --output tsv)
id=$(az eventgrid topic show --resource-group "$group" --name "$topic" --query id --output tsv)

az storage container-rm create --resource-group "$group" --storage-account "$account" --name dead-letters --output none
az role assignment create --assignee-object-id "$identity" --assignee-principal-type ServicePrincipal \
  --role 'Storage Blob Data Contributor' --scope "$container" --output none
az eventgrid event-subscription create --name meeting-changes --source-resource-id "$id" \
  --endpoint-type webhook --endpoint "$url" --event-delivery-schema cloudeventschemav1_0 \
  --deadletter-identity systemassigned --deadletter-identity-endpoint "$container" \
  --included-event-types meeting.changed meeting.removed meeting.responded --output none
