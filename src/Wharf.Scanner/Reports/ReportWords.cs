using Wharf.Scanner.Feeds;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

/// <summary>The words that reports have for what is counted in enumerations, and the name of the program.</summary>
public static class ReportWords
{
    public const string Tool = "wharf";

    public static string ToolVersion { get; } = typeof(ReportWords).Assembly.GetName().Version!.ToString(3);

    public static string Of(Status status) => status switch
    {
        Status.Affected => "affected",
        Status.UnderInvestigation => "under_investigation",
        Status.WontFix => "wont_fix",
        Status.EndOfLife => "end_of_life",
        Status.Fixed => "fixed",
        Status.NotAffected => "not_affected",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    public static string Of(Reason reason) => reason.ToString().ToLowerInvariant();
}
