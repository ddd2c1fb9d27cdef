using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

internal sealed record JsonEvidence(string Feed, string Revision, string Advisory, string Ecosystem, string Name, string Version, string Versions, string Status, string? Note)
{
    public static JsonEvidence Of(Evidence e) => new(e.Feed, e.Revision, e.Advisory, e.Ecosystem, e.Name, e.Version, e.Versions, ReportWords.Of(e.Status), e.Note);
}
