# Dot-sourced by the scripts beside it: asks plan.py what is missing, and does it. All decisions are in plan.py.

function Invoke-Plan {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] [ValidateSet('appRoles', 'mailboxes', 'onlineMeetings')] [string] $Name,
        [Parameter(Mandatory)] [hashtable] $Wanted,
        [Parameter(Mandatory)] [hashtable] $Present
    )

    $python = Get-Command -Name 'python3', 'python' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $python) { throw 'Python 3 is not on the PATH.' }
    $state = @{ wanted = $Wanted; present = $Present } | ConvertTo-Json -Depth 10 -Compress -EscapeHandling EscapeNonAscii
    $answer = $state | & $python.Source (Join-Path -Path $PSScriptRoot -ChildPath 'plan.py') $Name
    if ($LASTEXITCODE -ne 0) { throw "plan.py failed with exit code $LASTEXITCODE." }
    $plan = $answer | ConvertFrom-Json -AsHashtable

    foreach ($warning in $plan['warnings']) { Write-Warning -Message $warning }
    if ($plan['steps'].Count -eq 0) { Write-Output 'Nothing to do.' }
    foreach ($step in $plan['steps']) {
        $parameters = $step['parameters']
        $target = ConvertTo-Json -InputObject $parameters -Depth 5 -Compress
        if ($PSCmdlet.ShouldProcess($target, "$($step['cmdlet']), because $($step['why'])")) {
            Write-Output "$($step['cmdlet']), because $($step['why'])"
            & $step['cmdlet'] @parameters -ErrorAction Stop | Out-Null
        }
    }
}
