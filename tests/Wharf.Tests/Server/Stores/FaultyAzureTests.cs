namespace Wharf.Tests.Server.Stores;

public sealed class FaultyAzureTests(AzureRegistry registry) : FaultyStoreTests(registry), IClassFixture<AzureRegistry>;
