namespace Wharf.Scanner.Reports;

/// <summary>How a report is written.</summary>
public enum ReportFormat
{
    /// <summary>Text for people.</summary>
    Table,
    /// <summary>Wharf's own, with all that is known.</summary>
    Json,
    /// <summary>SARIF 2.1.0, for code scanning.</summary>
    Sarif,
    /// <summary>CycloneDX 1.6 JSON with vulnerabilities.</summary>
    CycloneDx,
    /// <summary>SPDX 2.3 JSON with advisories.</summary>
    Spdx,
}
