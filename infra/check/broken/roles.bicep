// Rights that are too wide: a role nobody has thought about, a known one on too much, one of our own that may do anything;
// and such as fail, or are given to something else, or have the name of another.
param storageName string
param principalId string

var owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var several = {
  sender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource everything 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, principalId, owner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', owner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource wide 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, principalId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource everywhere 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(several): {
    name: guid(principalId, role.value)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource hidden 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, principalId)
  properties: {
    roleDefinitionId: principalId
    principalId: storage.id
  }
}

resource ours 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(storageName)
  properties: {
    roleName: 'Cairn does as it likes'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.App/jobs/*'
          'Microsoft.Authorization/roleAssignments/write'
        ]
      }
    ]
    assignableScopes: [storage.id]
  }
}

resource oursEverywhere 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(ours.id, principalId)
  properties: {
    roleDefinitionId: ours.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
