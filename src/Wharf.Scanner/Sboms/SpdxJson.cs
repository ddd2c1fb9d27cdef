using System.Text.Json;

namespace Wharf.Scanner.Sboms;

/// <summary>The packages of SPDX 2 in JSON.</summary>
internal static class SpdxJson
{
    public static void ReadPackages(ref Utf8JsonReader reader, SbomInventory inventory)
    {
        while (SbomJson.NextObject(ref reader))
        {
            var entry = new SbomEntry();
            while (SbomJson.NextProperty(ref reader, out var name))
            {
                switch (name, reader.TokenType)
                {
                    case ("SPDXID", _):
                        entry.SpdxId = SbomJson.Text(ref reader);
                        break;
                    case ("name", _):
                        entry.Name = SbomJson.Text(ref reader);
                        break;
                    case ("versionInfo", _):
                        entry.Version = SbomJson.Text(ref reader);
                        break;
                    case ("primaryPackagePurpose", _):
                        entry.Type = SbomJson.Text(ref reader);
                        break;
                    case ("sourceInfo", _):
                        entry.SourceInfo = SbomJson.Text(ref reader);
                        break;
                    case ("externalRefs", JsonTokenType.StartArray):
                        while (SbomJson.NextPair(ref reader, "referenceType", "referenceLocator", out var type, out var locator))
                            if (type is not null && type.EndsWith("purl", StringComparison.Ordinal))
                                entry.Purl ??= locator;
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            inventory.Add(entry);
        }
    }
}
