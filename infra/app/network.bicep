// A virtual network with one subnet for the app and one for private endpoints.
@description('Name of the network.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/23'] }
    subnets: [
      {
        name: 'endpoints'
        properties: { addressPrefix: '10.0.0.0/24', privateEndpointNetworkPolicies: 'Enabled' }
      }
      {
        // Flex Consumption asks for a delegation to Microsoft.App/environments; a /24 holds 250 instances, /27 is the least.
        // https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#configure-virtual-network-integration
        name: 'app'
        properties: {
          addressPrefix: '10.0.1.0/24'
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
    ]
  }
}

resource endpointSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  parent: network
  name: 'endpoints'
}

resource appSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  parent: network
  name: 'app'
}

@description('Subnet of the private endpoints.')
output endpointSubnetId string = endpointSubnet.id

@description('Subnet of the app.')
output appSubnetId string = appSubnet.id
