// Whether the app answers from outside: a test that asks for /api/health, and the rule on it. It needs no line of the log.
@description('Ending of the names.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the Application Insights component.')
param componentName string

@description('Address to ask: it has to answer 200 without a key.')
param url string

@description('Seconds between two questions from one place.')
param seconds int

@description('Ids of the places that ask.')
param places array

@description('Resource id of the action group to call; empty for none.')
param actionGroupId string

resource component 'Microsoft.Insights/components@2020-02-02' existing = { name: componentName }

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'health-${name}'
  location: location
  kind: 'standard'
  // The portal finds the test of a component by this tag.
  tags: union(tags, { 'hidden-link:${component.id}': 'Resource' })
  properties: {
    SyntheticMonitorId: 'health-${name}'
    Name: 'Convene: /api/health'
    Enabled: true
    Kind: 'standard'
    Frequency: seconds
    // A cold start takes seconds; the second try comes at once.
    Timeout: 30
    RetryEnabled: true
    Locations: map(places, place => { Id: place })
    Request: { RequestUrl: url, HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

// One place alone may have trouble of its own; two have not.
resource rule 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'availability-${name}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Convene: /api/health does not answer'
    severity: 0
    enabled: true
    autoMitigate: true
    scopes: [test.id, component.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: component.id
      failedLocationCount: 2
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}
