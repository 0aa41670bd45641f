// A budget of the resource group: it calls, and stops nothing.
@description('Ending of the name.')
param name string

@description('Most that a month should cost, in the currency of the subscription.')
param amount int

@description('First day of the month in which the budget begins, such as 2026-12-01. It cannot be changed later.')
param start string

@description('Resource id of the action group to call; empty: the owners of the resource group get mail.')
param actionGroupId string

var groups = empty(actionGroupId) ? [] : [actionGroupId]

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'budget-${name}'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: {
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: []
        contactRoles: ['Owner']
        contactGroups: groups
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: []
        contactRoles: ['Owner']
        contactGroups: groups
      }
    }
  }
}
