namespace Wharf.Tests.Server.Stores;

public sealed class HoppingAzureTests(AzureReplicas replicas) : HoppingTests(replicas), IClassFixture<AzureReplicas>;
