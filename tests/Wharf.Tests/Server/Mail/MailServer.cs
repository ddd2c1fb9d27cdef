using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using MimeKit;

namespace Wharf.Tests.Server.Mail;

/// <summary>
/// Exim from Debian's package on free loopback ports, with STARTTLS on one and TLS from the first byte on the other. It wants a sign-in,
/// keeps all mail in one maildir, refuses the mailbox <c>refused</c>, and puts off <c>later</c> while <see cref="Defers"/> says so.
/// </summary>
public sealed class MailServer : IAsyncDisposable
{
    public const string User = "wharf";
    private const string RunsAs = "Debian-exim";

    private readonly string _root = Directory.CreateTempSubdirectory("wharf-mail-").FullName;
    private Process? _process;

    public MailServer() => Authority = new PrivateAuthority(_root);

    public PrivateAuthority Authority { get; }

    /// <summary>The port that begins plain.</summary>
    public int Port { get; } = FreePort();

    /// <summary>The port that is encrypted from the first byte.</summary>
    public int TlsPort { get; } = FreePort();

    public string Password { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    private string Deferring => Path.Join(_root, "deferring");

    private string Maildir => Path.Join(_root, "mail");

    /// <summary>What has a registry use it.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["Server:PublicUrl"] = "https://registry.example.test",
        ["Mail:Server"] = "localhost",
        ["Mail:Port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["Mail:Authority"] = Authority.CertificateFile,
        ["Mail:User"] = User,
        ["Mail:Password"] = Password,
        ["Mail:From"] = "registry@example.test",
        ["Mail:FromName"] = "Wharf für alle",
        ["Mail:RetryAfter"] = "1s",
        ["Mail:Timeout"] = "5s",
    };

    public async Task StartAsync()
    {
        if (!File.Exists(Path.Join(_root, "conf")))
            await PrepareAsync();
        _process = Process.Start(new ProcessStartInfo("exim4", ["-C", Path.Join(_root, "conf"), "-bdf"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await Poll.UntilAsync(async () =>
        {
            Assert.False(_process.HasExited, "exim4 ended at once; " + (_process.HasExited ? await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : ""));
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        using (process)
        {
            process.Terminate();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>Whether the mailbox <c>later</c> is put off.</summary>
    public void Defers(bool yes)
    {
        if (yes)
            File.WriteAllText(Deferring, "");
        else
            File.Delete(Deferring);
    }

    /// <summary>What has arrived for an address so far.</summary>
    public List<MimeMessage> Messages(string address)
    {
        var found = new List<MimeMessage>();
        foreach (var folder in new[] { "new", "cur" })
            if (Directory.Exists(Path.Join(Maildir, folder)))
                foreach (var file in Directory.GetFiles(Path.Join(Maildir, folder)))
                    if (MimeMessage.Load(file) is var message && message.To.Mailboxes.Any(m => m.Address == address))
                        found.Add(message);
        return found;
    }

    /// <summary>Waits for a mail to the address with that subject.</summary>
    public Task<MimeMessage> ReceiveAsync(string address, string subject) =>
        Poll.UntilAsync(() => Task.FromResult(Messages(address).FirstOrDefault(m => m.Subject == subject)!), TimeSpan.FromSeconds(60));

    public string Log() => string.Concat(Directory.GetFiles(Path.Join(_root, "log")).Select(File.ReadAllText));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Authority.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task PrepareAsync()
    {
        foreach (var folder in new[] { "spool", "log", "mail" })
            Directory.CreateDirectory(Path.Join(_root, folder));
        await File.WriteAllTextAsync(Path.Join(_root, "conf"), $$"""
            spool_directory = {{_root}}/spool
            log_file_path = {{_root}}/log/%slog
            pid_file_path =
            primary_hostname = mail.example.test
            local_interfaces = 127.0.0.1
            daemon_smtp_ports = {{Port.ToString(CultureInfo.InvariantCulture)}} : {{TlsPort.ToString(CultureInfo.InvariantCulture)}}
            tls_on_connect_ports = {{TlsPort.ToString(CultureInfo.InvariantCulture)}}
            tls_advertise_hosts = *
            tls_certificate = {{Authority.ServerCertificateFile}}
            tls_privatekey = {{Authority.ServerKeyFile}}
            smtputf8_advertise_hosts = *
            rfc1413_query_timeout = 0s
            host_lookup =
            smtp_accept_queue_per_connection = 0
            smtp_accept_max_per_connection = 0
            keep_environment =
            never_users =
            acl_smtp_rcpt = check_rcpt
            acl_smtp_data = check_data
            begin acl
            check_rcpt:
              deny local_parts = refused
                   message = no such mailbox here
              defer local_parts = later
                    condition = $IF_DEFERRING
                    message = greylisted
              require authenticated = *
                      message = sign in first
              accept
            check_data:
              accept condition = $IF_SLOW
                     delay = 3s
              accept
            begin routers
            all:
              driver = accept
              transport = maildir
            begin transports
            maildir:
              driver = appendfile
              maildir_format
              directory = {{Maildir}}
              envelope_to_add
              user = {{RunsAs}}
            begin authenticators
            plain:
              driver = plaintext
              public_name = PLAIN
              server_prompts = :
              server_condition = $IF_RIGHT
              server_advertise_condition = ${if def:tls_in_cipher}

            """
            .Replace("$IF_DEFERRING", "${if exists{" + Deferring + "}}", StringComparison.Ordinal)
            .Replace("$IF_SLOW", "${if match{$recipients}{slow@}}", StringComparison.Ordinal)
            .Replace("$IF_RIGHT", "${if and{{eq{$auth2}{" + User + "}}{eq{$auth3}{" + Password + "}}}}", StringComparison.Ordinal));
        File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);
        using var chown = Process.Start("chown", ["-R", RunsAs, Path.Join(_root, "spool"), Path.Join(_root, "log"), Path.Join(_root, "mail"), Authority.ServerKeyFile, Authority.ServerCertificateFile]);
        await chown.WaitForExitAsync();
        Assert.Equal(0, chown.ExitCode);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
