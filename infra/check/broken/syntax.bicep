// A property without its value.
param location string

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan'
  location:
}
