#Requires -Version 7.2
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Lets the app into the calendars of the organizers, and into no other: Exchange's RBAC for Applications.

.DESCRIPTION
Run by an Exchange Administrator (Organization Management). A second run does nothing; -WhatIf says what a run would do.
Organizers are added to those of earlier runs; -RecipientFilter and -Group replace the whole scope.

.EXAMPLE
./Grant-Mailboxes.ps1 -ClientId $clientId -ObjectId $objectId -Organizer alexw@contoso.com, bookings@contoso.com -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Organizer')]
param(
    # Client id of the app (azd: CONVENE_CLIENT_ID).
    [Parameter(Mandatory)] [guid] $ClientId,

    # Object id of its service principal, the enterprise application (azd: CONVENE_OBJECT_ID).
    [Parameter(Mandatory)] [guid] $ObjectId,

    # User principal names of the organizers.
    [Parameter(Mandatory, ParameterSetName = 'Organizer')] [string[]] $Organizer,

    # A mail-enabled group; its direct members are the organizers.
    [Parameter(Mandatory, ParameterSetName = 'Group')] [string] $Group,

    # A filter in Exchange's own words, such as "Department -eq 'Clinic'".
    [Parameter(Mandatory, ParameterSetName = 'Filter')] [string] $RecipientFilter,

    # Id of an administrative unit.
    [Parameter(Mandatory, ParameterSetName = 'Unit')] [guid] $AdministrativeUnit,

    # Name of scope and assignment.
    [string] $Name = 'Convene',

    # Mailboxes to test at the end.
    [string[]] $Test = @(),

    # Exchange's cloud, as Connect-ExchangeOnline names it; a connection that is there already is used as it is.
    [string] $Environment = 'O365Default'
)

$ErrorActionPreference = 'Stop'
. (Join-Path -Path $PSScriptRoot -ChildPath 'Invoke-Plan.ps1')

if (-not (Get-ConnectionInformation)) { Connect-ExchangeOnline -ExchangeEnvironmentName $Environment -ShowBanner:$false }

# A tenant that was never customized refuses new scopes and assignments: it is customized once, for good.
if ((Get-OrganizationConfig).IsDehydrated -and
    $PSCmdlet.ShouldProcess('the organization', 'Enable-OrganizationCustomization')) {
    Enable-OrganizationCustomization
}

$wanted = @{ clientId = "$ClientId"; objectId = "$ObjectId"; name = $Name }
switch ($PSCmdlet.ParameterSetName) {
    'Organizer' { $wanted.organizers = @($Organizer); $Test += $Organizer }
    'Filter' { $wanted.recipientFilter = $RecipientFilter }
    'Unit' { $wanted.administrativeUnit = "$AdministrativeUnit" }
    'Group' {
        $distinguishedName = (Get-Recipient -Identity $Group).DistinguishedName
        $wanted.recipientFilter = "MemberOfGroup -eq '$($distinguishedName -replace "'", "''")'"
    }
}

$servicePrincipals = @(Get-ServicePrincipal)
$registered = $servicePrincipals | Where-Object { "$($_.AppId)" -eq "$ClientId" } | Select-Object -First 1
$displayName = if ($registered) { $registered.DisplayName } else { $Name }

# Unknown identities make Get- cmdlets of Exchange return everything: so everything is read, and chosen from in plan.py.
$assignments = @(Get-ManagementRoleAssignment -Role 'Application Calendars.ReadWrite' |
    Where-Object {
        $names = "$($_.App)", "$($_.RoleAssignee)", "$($_.RoleAssigneeName)"
        $names -contains "$ObjectId" -or $names -contains $displayName -or $_.Name -like "$Name *"
    } |
    ForEach-Object {
        @{
            Name                = $_.Name
            Role                = "$($_.Role)"
            CustomResourceScope = "$($_.CustomResourceScope)"
            RecipientWriteScope = "$($_.RecipientWriteScope)"
        }
    })
$plan = @{
    Name    = 'mailboxes'
    Wanted  = $wanted
    Present = @{
        servicePrincipals = @($servicePrincipals | ForEach-Object { @{ AppId = "$($_.AppId)" } })
        scopes            = @(Get-ManagementScope | ForEach-Object { @{ Name = $_.Name; RecipientFilter = "$($_.RecipientFilter)" } })
        assignments       = $assignments
    }
}
Invoke-Plan @plan -WhatIf:$WhatIfPreference

if (-not $WhatIfPreference) {
    foreach ($mailbox in $Test) {
        Test-ServicePrincipalAuthorization -Identity "$ObjectId" -Resource $mailbox | Format-Table -AutoSize
    }
    Write-Output 'InScope has to be True. Graph may need 30 minutes to 2 hours until it follows; the test does not wait for that.'
}
