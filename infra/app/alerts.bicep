// Three rules on the log. Without an action group they are shown in the portal and call nobody.
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

@description('More than so many per cent of the meetings that ended have failed.')
param failureRatePercent int

@description('A meeting has been pending for more than so many minutes.')
param oldestPendingMinutes int

// The measures are whole numbers in a column `value`. severity: 1 is an error, 2 a warning.
var rules = [
  {
    name: 'poison'
    title: 'Convene: the poison queue is not empty, or a meeting crashed the app'
    query: loadTextContent('../queries/alert-poison.kql')
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
    severity: 1
  }
  {
    name: 'failures'
    title: 'Convene: many meetings fail'
    query: loadTextContent('../queries/alert-failures.kql')
    threshold: failureRatePercent
    every: 'PT5M'
    window: 'PT15M'
    severity: 2
  }
  {
    name: 'pending'
    title: 'Convene: a meeting has been pending for long'
    query: loadTextContent('../queries/alert-pending.kql')
    threshold: oldestPendingMinutes
    every: 'PT15M'
    // The longest window there is; GIVE_UP_AFTER is shorter.
    window: 'P2D'
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
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(actionGroupId) ? [] : [actionGroupId] }
    }
  }
]
