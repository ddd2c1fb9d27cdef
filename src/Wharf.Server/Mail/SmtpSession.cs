using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using AuthenticationException = System.Security.Authentication.AuthenticationException;

namespace Wharf.Server.Mail;

/// <summary>One connection to the mail server.</summary>
internal sealed class SmtpSession : IDisposable
{
    private const int MaxReply = 300;

    private readonly MailOptions _options;
    private readonly SmtpClient _client = new();
    private readonly X509Certificate2Collection _authorities = [];

    private SmtpSession(MailOptions options)
    {
        _options = options;
        _client.Timeout = (int)options.Timeout.TotalMilliseconds;
        _client.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        _client.CheckCertificateRevocation = false; // a registry often reaches its mail server only
    }

    /// <summary>Connects, encrypts and signs in as the settings say.</summary>
    /// <exception cref="MailFailure">It did not come to that.</exception>
    public static async Task<SmtpSession> ConnectAsync(MailOptions options, CancellationToken ct)
    {
        var session = new SmtpSession(options);
        try
        {
            await session.RunAsync(session.ConnectAsync, ct);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <exception cref="MailFailure">The server did not take it.</exception>
    public Task SendAsync(MimeMessage message, CancellationToken ct) => RunAsync(limited => _client.SendAsync(message, limited), ct);

    /// <summary>Says goodbye; whatever goes wrong with that is of no interest.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        try
        {
            await RunAsync(limited => _client.DisconnectAsync(true, limited), ct);
        }
        catch (MailFailure)
        {
            // All that was to be sent is sent.
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        foreach (var authority in _authorities)
            authority.Dispose();
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        if (_options.Authority is { } file)
        {
            _authorities.ImportFromPemFile(file);
            _client.ServerCertificateValidationCallback = IsTrusted;
        }
        await _client.ConnectAsync(_options.Server!, _options.ServerPort, _options.Security switch
        {
            MailSecurity.StartTls => SecureSocketOptions.StartTls,
            MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
            _ => SecureSocketOptions.None,
        }, ct);
        if (_options.User is { } user)
            await _client.AuthenticateAsync(user, _options.RevealPassword(), ct);
    }

    // As the platform would judge it, but by the authorities of the file alone.
    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 own || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        if (sent is not null)
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // server authentication
        return chain.Build(own);
    }

    private async Task RunAsync(Func<CancellationToken, Task> step, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_options.Timeout);
        try
        {
            await step(limit.Token);
        }
        catch (Exception fault) when (!ct.IsCancellationRequested && Meaning(fault) is { } meaning)
        {
            throw new MailFailure(meaning.Message, meaning.IsPermanent, !_client.IsConnected || meaning.IsBroken, fault);
        }
    }

    private (string Message, bool IsPermanent, bool IsBroken)? Meaning(Exception fault)
    {
        var server = string.Create(CultureInfo.InvariantCulture, $"{_options.Server}:{_options.ServerPort}");
        return fault switch
        {
            // A refused sender is a setting that somebody can put right, and then the mail goes out.
            SmtpCommandException { ErrorCode: SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted } refused =>
                ($"{server} answered {(int)refused.StatusCode}: {Shortened(refused.Message)}", (int)refused.StatusCode is >= 500 and < 600, false),
            SmtpCommandException { ErrorCode: SmtpErrorCode.SenderNotAccepted } refused =>
                ($"{server} does not take mail from {_options.From}: {(int)refused.StatusCode} {Shortened(refused.Message)}", false, false),
            SmtpCommandException refused => ($"{server} answered {(int)refused.StatusCode}: {Shortened(refused.Message)}", false, true),
            // The message holds what the address has that the server cannot take.
            NotSupportedException when _client.IsConnected && _client.IsAuthenticated == (_options.User is not null) => ($"{server} does not take addresses with such characters.", true, false),
            NotSupportedException => ($"{server} does not offer what Mail.Security or Mail.User ask for: {Shortened(fault.Message)}", false, true),
            MailKit.Security.AuthenticationException => ($"{server} does not take the user {_options.User} with this password (Mail.User, Mail.Password): {Shortened(fault.Message)}", false, true),
            SslHandshakeException or AuthenticationException => ($"{server} showed a certificate that is not to be trusted for that name, or spoke no TLS (Mail.Security, Mail.Authority).", false, true),
            SocketException socket => ($"{server} cannot be reached: {socket.Message}", false, true),
            OperationCanceledException or TimeoutException => (string.Create(CultureInfo.InvariantCulture, $"{server} took longer than {_options.Timeout.TotalSeconds} s (Mail.Timeout)."), false, true),
            IOException or SmtpProtocolException or MailKit.ServiceNotConnectedException or MailKit.ServiceNotAuthenticatedException or CryptographicException or UnauthorizedAccessException =>
                ($"The connection to {server} failed: {Shortened(fault.Message)}", false, true),
            _ => null,
        };
    }

    private static string Shortened(string reply) => string.Concat(reply.Take(MaxReply).Select(static c => char.IsControl(c) ? ' ' : c));
}
