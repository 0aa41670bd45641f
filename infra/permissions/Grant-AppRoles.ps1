#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Applications
<#
.SYNOPSIS
Grants the app its application permissions of Microsoft Graph, and no more.

.DESCRIPTION
Run by a Privileged Role Administrator. A second run does nothing; -WhatIf says what a run would do.
docs/permissions.md says what each permission is for. grant_app_roles.py does the same by the Azure CLI.

.EXAMPLE
./Grant-AppRoles.ps1 -ObjectId $objectId -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Object id of the app's service principal (azd: CONVENE_OBJECT_ID).
    [Parameter(Mandatory)] [guid] $ObjectId,

    # Organizers are always named by object id: no lookup of users, no User.ReadBasic.All.
    [switch] $ObjectIdsOnly,

    # User.Read.All instead of User.ReadBasic.All, where Graph refuses to read users with the latter.
    [switch] $ReadAllUsers,

    # Calendar meetings without options and language: no OnlineMeetings.ReadWrite.All.
    [switch] $CalendarOnly,

    # GET /rooms lists rooms: Place.Read.All as well.
    [switch] $Rooms,

    # What the setting ARTIFACTS has: the permission for each.
    [ValidateSet('attendance', 'transcripts', 'recordings')] [string[]] $Artifacts = @(),

    # Graph's cloud, as Connect-MgGraph names it.
    [string] $Environment = 'Global'
)

$ErrorActionPreference = 'Stop'
. (Join-Path -Path $PSScriptRoot -ChildPath 'Invoke-Plan.ps1')

Connect-MgGraph -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All' -Environment $Environment -NoWelcome

$roles = @()
if (-not $CalendarOnly) { $roles += 'OnlineMeetings.ReadWrite.All' }
if (-not $ObjectIdsOnly) { $roles += if ($ReadAllUsers) { 'User.Read.All' } else { 'User.ReadBasic.All' } }
if ($Rooms) { $roles += 'Place.Read.All' }
if ('attendance' -in $Artifacts) { $roles += 'OnlineMeetingArtifact.Read.All' }
if ('transcripts' -in $Artifacts) { $roles += 'OnlineMeetingTranscript.Read.All' }
if ('recordings' -in $Artifacts) { $roles += 'OnlineMeetingRecording.Read.All' }

$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$appRoles = @($graph.AppRoles | ForEach-Object { @{ id = "$($_.Id)"; value = $_.Value } })
$assignments = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId "$ObjectId" -All |
    ForEach-Object { @{ id = $_.Id; appRoleId = "$($_.AppRoleId)"; resourceId = "$($_.ResourceId)" } })

$plan = @{
    Name    = 'appRoles'
    Wanted  = @{ objectId = "$ObjectId"; roles = @($roles) }
    Present = @{ graph = @{ id = $graph.Id; appRoles = $appRoles }; assignments = $assignments }
}
Invoke-Plan @plan -WhatIf:$WhatIfPreference
Write-Output 'A managed identity''s token may keep its old permissions for a day.'
