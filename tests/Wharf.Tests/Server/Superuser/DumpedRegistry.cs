using System.Security.Cryptography;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Superuser;

/// <summary>A registry whose settings hold secrets: in a file, in the environment and on the command line.</summary>
public sealed class DumpedRegistry : UserRegistry
{
    private readonly TemporaryDirectory _directory = new();

    public string Canary { get; } = "canary" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    protected override IReadOnlyList<string> Arguments => ["--listen", "http://127.0.0.1:0", "--config", _directory.Write("wharf.yaml", $"""
        Server:
          PublicUrl: https://registry.example.test
          HostNames: [registry.internal]
        Mail:
          Server: mail.example.test
          From: registry@example.test
          User: wharf
          Password: {Canary}
        """)];

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Auth:LoginBurst"] = "77" };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}
