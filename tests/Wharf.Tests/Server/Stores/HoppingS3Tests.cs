namespace Wharf.Tests.Server.Stores;

public sealed class HoppingS3Tests(S3Replicas replicas) : HoppingTests(replicas), IClassFixture<S3Replicas>;
