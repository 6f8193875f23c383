// Values that a module does not take, given outright, by a variable, by a default, and by one side of a condition.
param location string
param isLarge bool
param size int = 3000

var shape = 'three'

module app '../../modules/app.bicep' = {
  name: 'app'
  params: {
    location: location
    tags: 'none'
    suffix: 5
    service: shape
    identityName: 'id'
    storageName: 'st'
    packageContainer: 'packages'
    nodeVersion: '22'
    instanceMemoryMB: '${size}'
    instanceCountMax: isLarge ? '100' : 100
    alwaysReady: true
    httpConcurrency: size
    zoneRedundant: 'false'
    subnetId: ''
  }
}

module main '../../main.bicep' = {
  name: 'main'
  scope: subscription()
  params: {
    environmentName: ''
    location: location
    apps: shape
    instanceMemoryMB: size
    alwaysReady: isLarge ? -1 : 0
    httpConcurrency: isLarge ? 1001 : 1
  }
}

output place string = app.outputs.url
