using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Cors;

/// <summary>The section <c>Cors</c>: which pages of other origins may call the API from a browser. None, unless they are named here.</summary>
internal sealed class CorsOptions : IValidatableObject
{
    public const string Everyone = "*";

    /// <summary>Origins such as <c>https://portal.example.com</c>, or <c>*</c> for every page.</summary>
    public List<string> Origins { get; set; } = [];

    /// <summary>Whether those pages may use the session of whoever signed in with the same browser.</summary>
    public bool Credentials { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins.Where(static o => o != Everyone && !IsOrigin(o)))
            yield return new ValidationResult($"'{origin}' is no origin: it is http:// or https:// with a host, perhaps a port, and nothing behind it", [nameof(Origins)]);
        // Every page that somebody visits could act in that person's name.
        if (Credentials && Origins.Contains(Everyone))
            yield return new ValidationResult("cannot go with the origin '*'; name the origins", [nameof(Credentials)]);
    }

    // As browsers write it: in lower case, without the scheme's own port.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && text == $"{url.Scheme}://{url.Authority}";
}
