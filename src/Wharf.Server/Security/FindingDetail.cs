using Wharf.Scanner.Matching;

namespace Wharf.Server.Security;

/// <summary>What of a finding is only shown, and never searched by.</summary>
internal sealed record FindingDetail(string? Summary, IReadOnlyList<string> Links, IReadOnlyList<string> Cvss, IReadOnlyList<Evidence> Evidence);
