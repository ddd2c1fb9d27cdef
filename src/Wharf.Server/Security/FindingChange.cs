using Wharf.Scanner;
using Wharf.Scanner.Matching;

namespace Wharf.Server.Security;

/// <summary>What became of a finding with a new revision of a feed.</summary>
/// <param name="Kind"><see cref="Added"/>, <see cref="Removed"/> or <see cref="Changed"/>.</param>
internal sealed record FindingChange(long Component, string Vulnerability, string Kind, Severity Severity)
{
    public const string Added = "added";
    public const string Removed = "removed";

    /// <summary>Its severity, status, fix, or whether it is exploited.</summary>
    public const string Changed = "changed";

    /// <summary>The change that people are told of; null when there is none. What is suppressed is no finding.</summary>
    public static FindingChange? Between(long component, StoredFinding? old, Finding now)
    {
        var (was, isNow) = (old is { Reason: null }, now.Reason is null);
        var kind = (was, isNow) switch
        {
            (false, true) => Added,
            (true, false) => Removed,
            (true, true) when old!.Severity != now.Severity || old.Status != now.Status.ToString() || old.FixedIn != now.FixedIn || old.Exploited is null != now.Known?.Exploited is null => Changed,
            _ => null,
        };
        return kind is null ? null : new(component, now.Id, kind, now.Severity);
    }
}
