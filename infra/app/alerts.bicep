// Who is woken: rules on the log. Without an action group they are shown in the portal and call nobody.
@description('Ending of the names.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the workspace that holds the log.')
param workspaceId string

@description('Resource id of the action group to call; empty for none.')
param actionGroupId string

@description('The upkeep has to log a line within this time, as an ISO 8601 duration.')
param heartbeatWindow string

@description('More than this percentage of the meetings that ended have failed.')
param failureRatePercent int

@description('A meeting has been pending for more than this many minutes.')
param oldestPendingMinutes int

@description('More than this many HTTP answers of the class 5xx within 15 minutes.')
param serverErrors int

@description('A result has waited for more than this many hours.')
param oldestResultHours int

@description('More than this many results wait.')
param waitingResults int

// The measures are whole numbers in a column `value`; a rule fires above its threshold, unless it says LessThan.
// severity: 0 the service is down, 1 an error that needs somebody, 2 a warning.
var rules = [
  {
    name: 'heartbeat'
    title: 'Convene: the app does not run'
    query: loadTextContent('../queries/alert-heartbeat.kql')
    operator: 'LessThan'
    threshold: 1
    every: 'PT5M'
    window: heartbeatWindow
    severity: 0
  }
  {
    name: 'settings'
    title: 'Convene: the settings are wrong'
    query: loadTextContent('../queries/alert-settings.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
    severity: 0
  }
  {
    name: 'unreachable'
    title: 'Convene: storage or Microsoft Graph does not answer'
    query: loadTextContent('../queries/alert-unreachable.kql')
    operator: 'GreaterThan'
    threshold: 2
    every: 'PT5M'
    window: 'PT15M'
    severity: 0
  }
  {
    name: 'pending'
    title: 'Convene: a meeting has been pending for long'
    query: loadTextContent('../queries/alert-pending.kql')
    operator: 'GreaterThan'
    threshold: oldestPendingMinutes
    every: 'PT5M'
    window: 'PT15M'
    severity: 1
  }
  {
    name: 'poison'
    title: 'Convene: the poison queue is not empty, or a meeting crashed the app'
    query: loadTextContent('../queries/alert-poison.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
    severity: 1
  }
  {
    name: 'errors'
    title: 'Convene: many calls are answered by 5xx'
    query: loadTextContent('../queries/alert-errors.kql')
    operator: 'GreaterThan'
    threshold: serverErrors
    every: 'PT5M'
    window: 'PT15M'
    severity: 1
  }
  {
    name: 'restarts'
    title: 'Convene: the host restarts again and again'
    query: loadTextContent('../queries/alert-restarts.kql')
    operator: 'GreaterThan'
    threshold: 2
    every: 'PT15M'
    window: 'PT30M'
    severity: 1
  }
  {
    name: 'queues'
    title: 'Convene: a queue was missing'
    query: loadTextContent('../queries/alert-queues.kql')
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT15M'
    window: 'PT15M'
    severity: 1
  }
  {
    name: 'failures'
    title: 'Convene: many meetings fail'
    query: loadTextContent('../queries/alert-failures.kql')
    operator: 'GreaterThan'
    threshold: failureRatePercent
    every: 'PT5M'
    window: 'PT15M'
    severity: 2
  }
  {
    name: 'results-age'
    title: 'Convene: nobody takes the results'
    query: loadTextContent('../queries/alert-results-age.kql')
    operator: 'GreaterThan'
    threshold: oldestResultHours
    every: 'PT15M'
    window: 'PT15M'
    severity: 2
  }
  {
    name: 'results-length'
    title: 'Convene: many results wait'
    query: loadTextContent('../queries/alert-results-length.kql')
    operator: 'GreaterThan'
    threshold: waitingResults
    every: 'PT15M'
    window: 'PT15M'
    severity: 2
  }
]

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${name}'
    location: location
    tags: tags
    properties: {
      displayName: rule.title
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      // In a new workspace the tables of the log may not be there before the app has written its first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: 'value'
            timeAggregation: 'Maximum'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(actionGroupId) ? [] : [actionGroupId] }
    }
  }
]
