namespace Wharf.Scanner;

/// <summary>Clair's and Quay's words, in rising order.</summary>
public enum Severity
{
    Unknown,
    Negligible,
    Low,
    Medium,
    High,
    Critical,
}
