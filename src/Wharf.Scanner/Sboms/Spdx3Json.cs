using System.Text.Json;

namespace Wharf.Scanner.Sboms;

/// <summary>
/// The packages of SPDX 3 in JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/model/Software/Classes/Package/), a list of elements of which relationships that
/// name each other are not looked at.
/// </summary>
internal static class Spdx3Json
{
    public static void ReadElements(ref Utf8JsonReader reader, SbomInventory inventory)
    {
        while (SbomJson.NextObject(ref reader))
        {
            var entry = new SbomEntry();
            var isPackage = false;
            while (SbomJson.NextProperty(ref reader, out var name))
            {
                switch (name, reader.TokenType)
                {
                    case ("type" or "@type", _):
                        isPackage = SbomJson.Text(ref reader) == "software_Package";
                        break;
                    case ("name", _):
                        entry.Name = SbomJson.Text(ref reader);
                        break;
                    case ("software_packageVersion", _):
                        entry.Version = SbomJson.Text(ref reader);
                        break;
                    case ("software_primaryPurpose", _):
                        entry.Type = SbomJson.Text(ref reader);
                        break;
                    case ("software_sourceInfo", _):
                        entry.SourceInfo = SbomJson.Text(ref reader);
                        break;
                    case ("software_packageUrl", _):
                        entry.Purl = SbomJson.Text(ref reader);
                        break;
                    case ("externalIdentifier", JsonTokenType.StartArray):
                        while (SbomJson.NextPair(ref reader, "externalIdentifierType", "identifier", out var type, out var identifier))
                            if (type == "packageUrl")
                                entry.Purl ??= identifier;
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            if (isPackage)
                inventory.Add(entry);
        }
    }
}
