using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Wharf.Server.Hosting.Network;

/// <summary>
/// The certificate of https:// listeners. Files are compared by content every two seconds, because Kubernetes and ACME clients
/// swap symbolic links, which change no time stamp of the path we know. A handshake takes what is current; connections that
/// exist keep theirs, so a renewal drops none. A pair that cannot be used (half written, key of another certificate) is
/// logged once and the one in use stays.
/// </summary>
internal sealed partial class Certificates(TlsOptions options, TimeProvider time, ILogger<Certificates> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);
    private SslServerAuthenticationOptions? _current;
    private string _seen = "";

    public TlsHandshakeCallbackOptions Handshake => new() { OnConnection = _ => ValueTask.FromResult(_current!) };

    /// <summary>Reads the files for the first time.</summary>
    /// <exception cref="CannotStartException">They are missing or not usable.</exception>
    public void Load()
    {
        if (options.Certificate is null || options.Key is null)
        {
            throw new CannotStartException("Listening on https:// needs Tls.Certificate and Tls.Key, two PEM files; set them with --config or WHARF__Tls__Certificate and WHARF__Tls__Key.");
        }

        try
        {
            var files = Read();
            _current = Use(files);
            _seen = files.Fingerprint;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CannotStartException($"Tls.Certificate {options.Certificate} with Tls.Key {options.Key} cannot be used: {fault.Message}", fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_current is null) return;
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Reload();
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private void Reload()
    {
        try
        {
            var files = Read();
            if (files.Fingerprint == _seen) return;
            _seen = files.Fingerprint; // a broken pair is reported once, not at every tick
            _current = Use(files);
            Log.Renewed(logger, options.Certificate!);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Log.NotUsable(logger, options.Certificate!, fault.Message);
        }
    }

    private Files Read()
    {
        var (certificate, key) = (File.ReadAllText(options.Certificate!), File.ReadAllText(options.Key!));
        var clientCa = options.ClientCa is null ? null : File.ReadAllText(options.ClientCa);
        return new Files(certificate, key, clientCa);
    }

    private SslServerAuthenticationOptions Use(Files files)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(files.Certificate);
        var leaf = X509Certificate2.CreateFromPem(files.Certificate, files.Key);
        var tls = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (options.ClientCertificates == ClientCertificates.None) return tls;

        tls.ClientCertificateRequired = true; // asks for one; the callback decides about none
        tls.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            errors == SslPolicyErrors.None || (certificate is null && options.ClientCertificates == ClientCertificates.Allow);
        if (files.ClientCa is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(files.ClientCa);
            policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // RFC 5280 4.2.1.12: id-kp-clientAuth
            if (policy.CustomTrustStore.Count == 0) throw new CryptographicException($"{options.ClientCa} has no certificate");
            tls.CertificateChainPolicy = policy;
        }

        return tls;
    }

    private sealed record Files(string Certificate, string Key, string? ClientCa)
    {
        public string Fingerprint { get; } = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Certificate + "\0" + Key + "\0" + ClientCa)));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The certificate {File} changed; new connections get it")]
        public static partial void Renewed(ILogger logger, string file);

        [LoggerMessage(2, LogLevel.Error, "The certificate {File} changed and cannot be used; the one before stays: {Reason}")]
        public static partial void NotUsable(ILogger logger, string file, string reason);
    }
}
