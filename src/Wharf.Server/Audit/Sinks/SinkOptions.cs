using System.ComponentModel.DataAnnotations;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Audit.Sinks;

/// <summary>One of <c>Audit.Sinks</c>: where the trail is sent too.</summary>
internal sealed class SinkOptions : IValidatableObject
{
    /// <summary>Under which its place in the trail is kept; another name begins anew.</summary>
    [Required, RegularExpression("^[a-z0-9-]{1,40}$", ErrorMessage = "must be of lower case letters, digits and dashes")] public string Name { get; set; } = "";

    public SinkKind Kind { get; set; }

    /// <summary>host:port of a syslog server, or the URL of the others, such as https://splunk.example.com:8088.</summary>
    [Required] public string Address { get; set; } = "";

    /// <summary>A PEM file with the authorities that its certificate must come from; without it, those of the system.</summary>
    public string? Authority { get; set; }

    /// <summary>Splunk's HEC token.</summary>
    public Secret? Token { get; set; }

    /// <summary>For Elasticsearch, with <see cref="Password"/>.</summary>
    public string? User { get; set; }

    public Secret? Password { get; set; }

    /// <summary>A file whose first line is the token or password.</summary>
    public string? SecretFile { get; set; }

    /// <summary>Splunk's index (its default one without it), or what Elasticsearch's indices begin with: a day is added.</summary>
    public string? Index { get; set; }

    /// <summary>How long one delivery may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")] public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The token or password.</summary>
    /// <exception cref="IOException">The file that holds it cannot be read.</exception>
    public string? RevealSecret() => SecretFile is { } file ? File.ReadLines(file).FirstOrDefault() : (Token ?? Password)?.Reveal();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind == SinkKind.Syslog && !(Uri.TryCreate("syslog://" + Address, UriKind.Absolute, out var syslog) && syslog.Port > 0 && syslog.PathAndQuery is "/" or ""))
            yield return new ValidationResult("must be host:port", [nameof(Address)]);
        if (Kind != SinkKind.Syslog && !(Uri.TryCreate(Address, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.UserInfo.Length == 0))
            yield return new ValidationResult("must be a URL such as https://splunk.example.com:8088, without a user", [nameof(Address)]);
        if (Kind == SinkKind.Splunk && Token is null && SecretFile is null)
            yield return new ValidationResult("is required for Splunk: the token of its HTTP Event Collector", [nameof(Token)]);
        if (Authority is not null && !File.Exists(Authority))
            yield return new ValidationResult($"is a file that is not there: {Authority}", [nameof(Authority)]);
    }
}
