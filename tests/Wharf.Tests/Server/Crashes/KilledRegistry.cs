namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry that is killed again and again; each start takes a free port.</summary>
public sealed class KilledRegistry : UserRegistry
{
    protected override IReadOnlyList<string> Arguments => ["--listen", "http://127.0.0.1:0"];
}
