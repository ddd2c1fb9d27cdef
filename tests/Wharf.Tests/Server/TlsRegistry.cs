using System.Security.Cryptography.X509Certificates;

namespace Wharf.Tests.Server;

/// <summary>A registry that listens on https only, with a certificate of an authority that only the tests trust.</summary>
public sealed class TlsRegistry : Registry
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wharf-tls-").FullName;

    public TlsRegistry() => Authority = new PrivateAuthority(_folder);

    public PrivateAuthority Authority { get; }

    protected override IReadOnlyList<string> Arguments => ["--listen", "https://127.0.0.1:0"];

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Tls:Certificate"] = Authority.ServerCertificateFile,
        ["Tls:Key"] = Authority.ServerKeyFile,
    };

    protected override bool Trusts(X509Certificate2 certificate) => Authority.VouchesFor(certificate);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
