#!/usr/bin/env bash
# Routes the events of other systems through Event Grid to the request queue, as CloudEvents:
# deploy.sh RESOURCE_GROUP LOCATION STORAGE_ACCOUNT TOPIC [IDENTITY_OF_THE_SENDER]
# Event Grid writes with its topic's own identity, so the storage account needs no key. Safe to run again.
set -euo pipefail
usage='Usage: deploy.sh RESOURCE_GROUP LOCATION STORAGE_ACCOUNT TOPIC [IDENTITY_OF_THE_SENDER]'
group=${1:?$usage} location=${2:?$usage} account=${3:?$usage} topic=${4:?$usage} sender=${5:-}

storage=$(az storage account show --resource-group "$group" --name "$account" --query id --output tsv)
queue="$storage/queueServices/default/queues/meeting-requests"

az eventgrid topic create --resource-group "$group" --location "$location" --name "$topic" \
  --input-schema cloudeventschemav1_0 --identity systemassigned --output none
identity=$(az eventgrid topic show --resource-group "$group" --name "$topic" --query identity.principalId --output tsv)
id=$(az eventgrid topic show --resource-group "$group" --name "$topic" --query id --output tsv)

az role assignment create --assignee-object-id "$identity" --assignee-principal-type ServicePrincipal \
  --role 'Storage Queue Data Message Sender' --scope "$queue" --output none
if [ -n "$sender" ]; then
  az role assignment create --assignee "$sender" --role 'EventGrid Data Sender' --scope "$id" --output none
fi

az eventgrid event-subscription create --name meeting-requests --source-resource-id "$id" \
  --delivery-identity systemassigned --delivery-identity-endpoint-type storagequeue --delivery-identity-endpoint "$queue" \
  --event-delivery-schema cloudeventschemav1_0 \
  --included-event-types meeting.requested meeting.updated meeting.cancelled --output none
az eventgrid topic show --resource-group "$group" --name "$topic" --query endpoint --output tsv
