using System.ComponentModel.DataAnnotations;
using Wharf.Scanner.Feeds;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Security;

/// <summary>The section <c>Security</c>: the vulnerability scanner (docs/security-scanning.md).</summary>
internal sealed class SecurityOptions : IValidatableObject
{
    /// <summary>Whether images are scanned. Processes without the role scanner do not, whatever this says.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How long one layer may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "06:00:00")] public TimeSpan LayerTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Of an uncompressed layer; a larger one is not read.</summary>
    public ByteSize LayerSize { get; set; } = new(20L << 30);

    /// <summary>How often an image is tried before it has failed for good.</summary>
    [Range(1, 100)] public int Attempts { get; set; } = 3;

    /// <summary>How often publishers are asked for news; zero: only when <c>wharf feeds update</c> asks. Nothing leaves this host before it is set.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")] public TimeSpan UpdateEvery { get; set; } = TimeSpan.Zero;

    /// <summary>After which time without a change a feed is shown as stale.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")] public TimeSpan StaleAfter { get; set; } = TimeSpan.FromDays(3);

    /// <summary>Only these feeds are asked for; empty: all that the catalogue knows.</summary>
    public List<string> Feeds { get; set; } = [];

    /// <summary>Other addresses for what feeds serve, by their path in a directory of feeds: <c>debian/json: https://mirror.example.com/debian.json</c>.</summary>
    public Dictionary<string, string> Urls { get; set; } = [];

    /// <summary>One address under which all feeds are, by their paths in a directory of feeds, in place of their publishers': <c>https://feeds.example.com/</c>.</summary>
    public string? Mirror { get; set; }

    /// <summary>How long one file of a feed may take to come, with all that is tried.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "06:00:00")] public TimeSpan FetchTime { get; set; } = TimeSpan.FromMinutes(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (path, url) in Urls.Where(static u => !IsAddress(u.Value)))
            yield return new ValidationResult($"'{url}' of {path} is not an address such as https://mirror.example.com/debian.json", [nameof(Urls)]);
        if (Mirror is not null && !IsAddress(Mirror))
            yield return new ValidationResult($"'{Mirror}' is not an address such as https://feeds.example.com/", [nameof(Mirror)]);
        foreach (var name in Feeds.Where(static n => FeedCatalogue.Find(n) is null))
            yield return new ValidationResult($"there is no feed {name}; docs/feeds.md lists them", [nameof(Feeds)]);
    }

    private static bool IsAddress(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp);
}
