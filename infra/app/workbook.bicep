// The state of the app, as a page in the portal: Monitor > Workbooks > Convene. Each query is in its own file.
@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the workspace that holds the log.')
param workspaceId string

var panels = [
  {
    title: 'Is it up, and is anything stuck'
    visualization: 'table'
    query: loadTextContent('../queries/status.kql')
  }
  {
    title: 'Answers from outside, per cent'
    visualization: 'timechart'
    query: loadTextContent('../queries/availability.kql')
  }
  {
    title: 'Meetings that ended, by outcome'
    visualization: 'timechart'
    query: loadTextContent('../queries/outcomes.kql')
  }
  {
    title: 'Failures by code'
    visualization: 'table'
    query: loadTextContent('../queries/failures.kql')
  }
  {
    title: 'Seconds from accepted to succeeded'
    visualization: 'timechart'
    query: loadTextContent('../queries/latency.kql')
  }
  {
    title: 'Meetings that are pending, longest first'
    visualization: 'table'
    query: loadTextContent('../queries/pending.kql')
  }
  {
    title: 'Answers of Graph that are no success, by status'
    visualization: 'timechart'
    query: loadTextContent('../queries/throttling.kql')
  }
  {
    title: 'Meetings that Graph throttles'
    visualization: 'table'
    query: loadTextContent('../queries/throttled.kql')
  }
  {
    title: 'Attempts that a meeting took'
    visualization: 'barchart'
    query: loadTextContent('../queries/attempts.kql')
  }
  {
    title: 'What the upkeep found and did'
    visualization: 'timechart'
    query: loadTextContent('../queries/upkeep.kql')
  }
]

var day = 86400000
var durations = [3600000, 14400000, 43200000, day, 2 * day, 7 * day, 30 * day]

var timeRange = {
  type: 9
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        name: 'TimeRange'
        type: 4
        isRequired: true
        value: { durationMs: day }
        // Without them the picker of the portal is empty.
        typeSettings: { selectableValues: map(durations, duration => { durationMs: duration }), allowCustom: true }
        version: 'KqlParameterItem/1.0'
      }
    ]
  }
  name: 'time range'
}

var queries = map(panels, panel => {
  type: 3
  content: {
    version: 'KqlItem/1.0'
    title: panel.title
    query: panel.query
    visualization: panel.visualization
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    timeContextFromParameter: 'TimeRange'
    timeContext: { durationMs: day }
  }
  name: panel.title
})

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'convene-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Convene'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timeRange], queries)
      fallbackResourceIds: [workspaceId]
    })
  }
}
