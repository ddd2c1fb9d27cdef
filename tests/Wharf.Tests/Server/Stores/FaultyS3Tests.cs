namespace Wharf.Tests.Server.Stores;

public sealed class FaultyS3Tests(S3Registry registry) : FaultyStoreTests(registry), IClassFixture<S3Registry>;
