using System.Security.Cryptography;
using System.Text;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Reports;

/// <summary>The identity of a document: another one when the target, its packages or the time are others, else the same.</summary>
internal static class DocumentId
{
    public static Guid Of(ScanReport report, DateTimeOffset now)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(report.Target);
        Append(now.ToUniversalTime().ToString("O"));
        foreach (var component in report.Inventory.Components)
            Append(Purl.Write(component.Package, component.Distro ?? report.Inventory.Distro));
        var id = hash.GetHashAndReset().AsSpan(0, 16);
        // Version 8 is for values of one's own making (RFC 9562, 5.8)
        id[6] = (byte)((id[6] & 0x0f) | 0x80);
        id[8] = (byte)((id[8] & 0x3f) | 0x80);
        return new Guid(id, bigEndian: true);

        void Append(string text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }
    }
}
