// Names that lead nowhere, and modules that are called wrongly.
param location string
param unused string

module declared '../../generated/storage.bicep' = {
  name: 'declared'
  params: {
    account: 'stcairn'
  }
}

module gone './gone.bicep' = {
  name: 'gone'
}

output place string = locaton
output names array = declared.outputs.names
output region string = toLowerCase(location)
output zones int = location
output count int = 'two'
output text string = loadTextContent('../../queries/gone.kql')
