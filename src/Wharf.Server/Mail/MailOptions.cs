using System.ComponentModel.DataAnnotations;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Mail;

/// <summary>The section <c>Mail</c>: the SMTP server that mail is handed to. Without <see cref="Server"/> no mail is sent, and what needs mail is not there.</summary>
internal sealed class MailOptions : IValidatableObject
{
    /// <summary>Host name or address of the mail server.</summary>
    public string? Server { get; set; }

    /// <summary>Its port; 587 for starttls, 465 for tls and 25 for none when not given.</summary>
    [Range(1, 65535)] public int? Port { get; set; }

    public MailSecurity Security { get; set; }

    /// <summary>A PEM file with the authorities that the mail server's certificate must come from; without it, those of the system.</summary>
    public string? Authority { get; set; }

    /// <summary>The name to sign in with at the mail server, where it asks for one.</summary>
    public string? User { get; set; }

    public Secret? Password { get; set; }

    /// <summary>A file whose first line is the password, in place of <see cref="Password"/>.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>The address that mail comes from.</summary>
    public string? From { get; set; }

    public string FromName { get; set; } = "Wharf";

    /// <summary>How long connecting, and then each mail, may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait after a mail was put off; each further time twice as long, up to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a mail is tried before it is given up.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "14.00:00:00")] public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(3);

    public bool Enabled => !string.IsNullOrEmpty(Server);

    public int ServerPort => Port ?? Security switch { MailSecurity.StartTls => 587, MailSecurity.Tls => 465, _ => 25 };

    /// <summary>The password to sign in with.</summary>
    /// <exception cref="IOException">The file that holds it cannot be read.</exception>
    public string RevealPassword() => PasswordFile is { } file ? File.ReadLines(file).FirstOrDefault() ?? "" : Password?.Reveal() ?? "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Enabled)
        {
            if (From is not null || User is not null || Password is not null || PasswordFile is not null || Port is not null)
                yield return new ValidationResult("is required where the others are given", [nameof(Server)]);
            yield break;
        }
        if (Uri.CheckHostName(Server) == UriHostNameType.Unknown)
            yield return new ValidationResult("must be a host name or an address, without scheme and port", [nameof(Server)]);
        if (From is null || !MailAddress.IsValid(From))
            yield return new ValidationResult("must be the address that mail comes from, such as registry@example.com", [nameof(From)]);
        if (FromName.Length > 100 || FromName.Any(char.IsControl))
            yield return new ValidationResult("has at most 100 characters, without control characters", [nameof(FromName)]);
        if (User is null != (Password is null && PasswordFile is null))
            yield return new ValidationResult("goes together with Password or PasswordFile", [nameof(User)]);
        if (Password is not null && PasswordFile is not null)
            yield return new ValidationResult("is given as Password too", [nameof(PasswordFile)]);
        if (PasswordFile is not null && !File.Exists(PasswordFile))
            yield return new ValidationResult("names no file that can be read", [nameof(PasswordFile)]);
        if (User is not null && Security == MailSecurity.None)
            yield return new ValidationResult("must be starttls or tls where there is a User: the password would go over the network for all to read", [nameof(Security)]);
        if (Authority is not null && !File.Exists(Authority))
            yield return new ValidationResult("names no file that can be read", [nameof(Authority)]);
    }
}
