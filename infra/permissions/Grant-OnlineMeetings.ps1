#Requires -Version 7.2
#Requires -Modules MicrosoftTeams
<#
.SYNOPSIS
Lets the app use the online meetings of the organizers: Teams' application access policy.

.DESCRIPTION
Run by a Teams Administrator. A second run does nothing; -WhatIf says what a run would do.
A user has one policy at a time: where somebody has one, the app is added to it; a new one goes to who has none.

.EXAMPLE
./Grant-OnlineMeetings.ps1 -ClientId $clientId -User dc17674c-81d9-4adb-bfb2-8f6a442e4624 -WhatIf

.EXAMPLE
./Grant-OnlineMeetings.ps1 -ClientId $clientId -Everybody
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Client id of the app (azd: CONVENE_CLIENT_ID).
    [Parameter(Mandatory)] [guid] $ClientId,

    # Object ids of organizers.
    [guid[]] $User = @(),

    # Object ids of groups of organizers.
    [guid[]] $Group = @(),

    # Every user who has no other policy.
    [switch] $Everybody,

    # Name of the policy for those who have none.
    [string] $Policy = 'Convene',

    # Teams' national cloud, as Connect-MicrosoftTeams names it; none for the global one.
    [string] $Environment = ''
)

$ErrorActionPreference = 'Stop'
. (Join-Path -Path $PSScriptRoot -ChildPath 'Invoke-Plan.ps1')

if (-not ($User -or $Group -or $Everybody)) { throw 'Name organizers: -User, -Group or -Everybody.' }
$cloud = if ($Environment) { @{ TeamsEnvironmentName = $Environment } } else { @{} }
# A compiled cmdlet inherits -WhatIf, and would then not connect.
Connect-MicrosoftTeams @cloud -WhatIf:$false | Out-Null

$policyOf = @{}
foreach ($id in $User) {
    $policyOf["$id"] = (Get-CsUserPolicyAssignment -Identity "$id" -PolicyType 'ApplicationAccessPolicy').PolicyName
}
$policyOfGroup = @{}
foreach ($id in $Group) {
    $policyOfGroup["$id"] = (Get-CsGroupPolicyAssignment -GroupId "$id" -PolicyType 'ApplicationAccessPolicy').PolicyName
}
$plan = @{
    Name    = 'onlineMeetings'
    Wanted  = @{
        clientId  = "$ClientId"
        policy    = $Policy
        users     = @($User | ForEach-Object { "$_" })
        groups    = @($Group | ForEach-Object { "$_" })
        everybody = [bool] $Everybody
    }
    Present = @{
        policies = @(Get-CsApplicationAccessPolicy | ForEach-Object { @{ Identity = $_.Identity; AppIds = @($_.AppIds) } })
        users    = $policyOf
        groups   = $policyOfGroup
    }
}
Invoke-Plan @plan -WhatIf:$WhatIfPreference
Write-Output 'A change can take 30 minutes to reach Graph. Then ask the app: GET /api/organizers/{organizer}/readiness.'
