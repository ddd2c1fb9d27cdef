namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>The four words of Red Hat's classification, which Oracle, SUSE, Amazon, VMware and Microsoft use too, with medium and high for two of them.</summary>
internal static class RedHatSeverity
{
    // https://access.redhat.com/security/updates/classification/
    public static Severity Parse(string? word) => word?.Trim().ToLowerInvariant() switch
    {
        "low" => Severity.Low,
        "moderate" or "medium" => Severity.Medium,
        "important" or "high" => Severity.High,
        "critical" => Severity.Critical,
        _ => Severity.Unknown,
    };
}
