/**
 * What most fields of the standard types are. A schema never changes, so one of a kind does for all; made anew for every field
 * of a hundred types, they were a third of what importing the catalog takes.
 */
import * as z from "zod";

export const text: z.ZodString = z.string();
export const number: z.ZodNumber = z.number();
export const value: z.ZodUnknown = z.unknown();

export const optionalText: z.ZodOptional<z.ZodString> = text.optional();
export const optionalNumber: z.ZodOptional<z.ZodNumber> = number.optional();
export const optionalValue: z.ZodOptional<z.ZodUnknown> = value.optional();
export const optionalTexts: z.ZodOptional<z.ZodArray<z.ZodString>> = z.array(text).optional();
export const optionalList: z.ZodOptional<z.ZodArray<z.ZodUnknown>> = z.array(value).optional();
export const optionalRecord: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodUnknown>> = z.record(text, value).optional();
