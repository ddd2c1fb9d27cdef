namespace Wharf.Tests.Server.Stores;

/// <summary>Sends clients to the store for a few seconds, but for those of one network.</summary>
public sealed class RedirectedRegistry : S3Registry
{
    protected override IReadOnlyList<string> Arguments => ["--listen", "http://0.0.0.0:0"];

    protected override IReadOnlyDictionary<string, string> More => new Dictionary<string, string>
    {
        ["RedirectLifetime"] = "2s",
        ["StreamTo:0"] = "127.0.0.2/32",
    };
}
